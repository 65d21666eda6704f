// Has the service worker keep the page's files before anything else is loaded.

const TRIED = "spert-isolation";

/**
 * @returns {Promise<boolean>} whether to go on; not if the page is loaded again, with the headers that threads need.
 */
export async function keepFiles() {
  if (!(await isKept()) || crossOriginIsolated || top !== self || sessionStorage.getItem(TRIED)) return true;
  sessionStorage.setItem(TRIED, "yes");
  location.reload();
  return false;
}

async function isKept() {
  try {
    const registration = await navigator.serviceWorker.register("service_worker.js");
    const coming = registration.installing ?? registration.waiting;
    if (!registration.active && coming) {
      await new Promise((done) =>
        coming.addEventListener("statechange", ({ target }) => {
          if (["activated", "redundant"].includes(target.state)) done();
        }),
      );
    }
    return Boolean(registration.active);
  } catch {
    return false; // private windows and pages inside others may not allow it: they work with a network
  }
}
