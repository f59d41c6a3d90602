/**
 * The YAML library, in a file of its own: it is loaded only when there is a configuration file, and a bundler keeps
 * the names of a CommonJS package only where they are imported by name.
 */
export { LineCounter, parseDocument } from "yaml";
