// Answers a package's name with the version that is installed.
import { readFileSync } from 'node:fs';
import { lines } from './lines.mjs';

await lines(({ name }) => ({ version: JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version }));
