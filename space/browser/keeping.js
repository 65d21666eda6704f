// Has the service worker keep the page's files before anything else is loaded.

const TRIED = "spert-isolation";
const LONGEST_WAIT = 5_000; // milliseconds for a network that does not answer

/**
 * @param {() => void} beforeReload called where the page is about to be loaded again.
 * @returns {Promise<boolean>} whether to go on; not if the page is loaded again: with the headers that threads need, or
 *   as a newer version.
 */
export async function keepFiles(beforeReload) {
  const { isKept, isNewer } = await bringUpToDate();
  const lacksHeaders = isKept && !crossOriginIsolated && top === self && !sessionStorage.getItem(TRIED);
  if (!isNewer && !lacksHeaders) return true;
  if (lacksHeaders) sessionStorage.setItem(TRIED, "yes");
  beforeReload();
  location.reload();
  return false;
}

/**
 * Wait until the files of the site's present version are kept. Those of one version are used together, so a page that
 * was kept before looks for a newer one first; without a network, or if that one can't be kept, it goes on as it is.
 *
 * @returns {Promise<{isKept: boolean, isNewer: boolean}>} whether there are kept files, and newer ones than this page's.
 */
async function bringUpToDate() {
  try {
    const registration = await navigator.serviceWorker.register("service_worker.js");
    const before = registration.active;
    if (before) await Promise.race([registration.update(), wait(LONGEST_WAIT)]).catch(() => {});
    const coming = registration.installing ?? registration.waiting;
    if (coming) await activation(coming);
    return { isKept: Boolean(registration.active), isNewer: Boolean(before) && registration.active !== before };
  } catch {
    return { isKept: false, isNewer: false }; // private windows and pages inside others may not allow it
  }
}

/** Wait until a service worker has taken over, or has given up. */
function activation(worker) {
  return new Promise((done) => {
    const look = () => {
      if (["activated", "redundant"].includes(worker.state)) done();
    };
    worker.addEventListener("statechange", look);
    look();
  });
}

function wait(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}
