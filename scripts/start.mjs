// @ts-check
/** `npm start`: makes what is missing, then becomes the service, in this same process, so that signals reach it. */
import { prepare, root } from "./prepare.mjs";

process.chdir(root);
process.setSourceMapsEnabled(true);
prepare({ build: true });
await import(new URL("../dist/main.js", import.meta.url).href);
