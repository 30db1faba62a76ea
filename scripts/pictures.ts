/**
 * `npm run docs:pictures`: draws the pictures of the README. Both are made from the recorded examples: tail.svg is the
 * output of `memwarden tail`, dashboard.svg the definition of the Grafana dashboard with its queries evaluated here.
 */
import { writeFileSync } from 'node:fs';
import { dashboardPicture } from './pictures/dashboard.ts';
import { tailPicture } from './pictures/tail.ts';

const FOLDER = new URL('../docs/pictures/', import.meta.url);

writeFileSync(new URL('tail.svg', FOLDER), tailPicture());
writeFileSync(new URL('dashboard.svg', FOLDER), dashboardPicture());
