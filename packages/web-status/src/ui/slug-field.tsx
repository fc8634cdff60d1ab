import { maxSlugLength, slugHint, slugPattern } from '../slug.ts';

type Props = { label: string; value: string; onChange: (value: string) => void };

/** A field for the address of something. */
export function SlugField({ label, value, onChange }: Props) {
  return (
    <label>
      {label}
      <input
        value={value}
        required
        pattern={slugPattern}
        title={slugHint}
        maxLength={maxSlugLength}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        onChange={({ target }) => onChange(target.value)}
      />
    </label>
  );
}
