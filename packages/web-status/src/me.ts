import { useQuery } from '@tanstack/react-query';
import { useTRPC } from './api.tsx';

/** Who is signed in, by which credential, and where they are a member. */
export function useMe() {
  return useQuery(useTRPC().me.read.queryOptions({}));
}
