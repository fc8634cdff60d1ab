import { createClient } from '@portfolio/api/client';
import { readFile } from 'node:fs/promises';

// `npm start` stores the address of the API and a key of its owner here.
const file = process.argv[2] ?? '.local/credentials.json';
export const credentials = JSON.parse(await readFile(file, 'utf8')) as { baseUrl: string; apiKey: string };

export const api = createClient(credentials);
