import { parseArgs } from 'node:util';

/** Reads the arguments of `npm start`; throws an error for users if one is unknown. */
export function readStartArguments(given = process.argv.slice(2)): { observe: boolean } {
  const options = { observe: { type: 'boolean', default: false } } as const;
  try {
    return parseArgs({ args: given, options }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${reason}\nnpm start takes one argument: npm start -- --observe also starts Prometheus, if it is installed.`,
      { cause: error },
    );
  }
}
