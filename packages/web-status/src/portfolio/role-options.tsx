import type { Role } from '../types.ts';
import { roleWords } from '../ui/words.ts';

const roles: readonly Role[] = ['viewer', 'editor', 'owner'];

export function RoleOptions() {
  return roles.map((role) => (
    <option key={role} value={role}>
      {roleWords[role]}
    </option>
  ));
}
