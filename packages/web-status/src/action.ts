import { useMutation, useQueryClient } from '@tanstack/react-query';

type Options<Output> = {
  onDone?: (output: Output) => void;
  /** True for what ends the session: nothing can be read afterwards. */
  endsSession?: boolean;
};

/**
 * A change of something that is shown. Afterwards all that is shown is read again, also after a failure: somebody else may
 * have changed it meanwhile.
 */
export function useAction<Output, Input = void>(
  run: (input: Input) => Promise<Output>,
  { onDone, endsSession = false }: Options<Output> = {},
) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (input: Input) => run(input),
    onSuccess: onDone,
    onSettled: (_output, error) =>
      endsSession && error === null ? undefined : queryClient.invalidateQueries(),
  });
}
