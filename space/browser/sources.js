// Where a model's files come from: a repository on the Hub, a folder of this site, or one of the visitor's.

/**
 * @param {object} settings of the page.
 * @param {string} [model] name of a repository, or a path on this site such as `./model/`.
 * @param {File[]} [files] those of a folder.
 * @returns {{name: string, content: object}} what visitors see, and what `ModelFiles` takes.
 * @throws {Error} the model is neither.
 */
export function sourceOf(settings, model, files) {
  if (files) return { name: files[0].webkitRelativePath.split("/")[0], content: { files } };
  if (hubName(model)) return { name: model, content: { hub: settings.hub, repository: model } };
  if (/^[./]|\/$/.test(model)) {
    const address = new URL(model.endsWith("/") ? model : `${model}/`, location.href);
    if (address.origin === location.origin) return { name: model === settings.model ? settings.name : model, content: { folder: address.href } };
  }
  throw new Error(
    `model must be the name of a repository on the Hub, such as USER/NAME, or a folder of this site, got '${model}'`,
  );
}

/** Whether this is the name of a repository. */
export function hubName(model) {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(model);
}
