/**
 * Loaded before a program that tests start over and over (`node --import`): without what Node.js keeps of one start for the
 * next, each compiles the same two hundred files of TypeScript anew, which takes longer than most tests. Not in the
 * temporary folder, as would be usual: there, anybody could put code for us.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url)));
