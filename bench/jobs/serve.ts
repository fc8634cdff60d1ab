type Command = { id: number; command: string; argument: unknown };
export type Answer = { id: number; answer?: unknown; error?: string };

/**
 * In a child process: answers the commands of its parent, each with the result of the function of that name. The process
 * ends with its parent, or when that disconnects.
 */
export function serve(commands: Record<string, (argument: never) => unknown>): void {
  process.on('message', ({ id, command, argument }: Command) => {
    void (async () => {
      try {
        send({ id, answer: await commands[command]!(argument as never) });
      } catch (error) {
        send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
    })();
  });
  process.once('disconnect', () => process.exit());
}

function send(answer: Answer) {
  process.send?.(answer);
}
