/** The project's folder, in which `src` and `dist` are, and whatever is read beside them: migrations, mails, package.json. */
export const PROJECT = new URL("../", import.meta.url);
