import type { ProvenClaim } from '@portfolio/core/claim/provenance';

type Cited = ProvenClaim['evidence'][number];
type Measured = NonNullable<ProvenClaim['metric']>;

/** A printed time: "2026-03-14 09:00:00 UTC". */
export function timeText(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`;
}

const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 3 });
const small = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
const factor = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const extreme = new Intl.NumberFormat('en', { notation: 'scientific', maximumSignificantDigits: 7 });

/** A printed number: 29,357, 0.0625, 1.5E21. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-6 || size >= 1e15)) return extreme.format(value).replace('-', '−');
  return (size === 0 || size >= 1 ? plain : small).format(value).replace('-', '−');
}

/** A number with the metric's unit. */
export function amountText(value: number | null, unit: string): string {
  if (value === null) return 'no samples';
  return `${numberText(value)} ${unit}`.trimEnd();
}

/** The change of a metric, such as "−75 %, better"; null if there is nothing to compare. */
export function changeText({ before, difference, ratio, improved }: Measured): string | null {
  if (before === null || difference === null) return null;
  const verdict = difference === 0 ? 'unchanged' : improved === true ? 'better' : 'worse';
  return `${relative(difference, ratio)}${verdict}`;
}

function relative(difference: number, ratio: number | null): string {
  if (ratio === null || ratio <= 0 || difference === 0) return '';
  if (ratio >= 2) return `× ${factor.format(ratio)}, `;
  const percent = numberText(Math.round(Math.abs(ratio - 1) * 1000) / 10);
  return `${ratio < 1 ? '−' : '+'}${percent} %, `;
}

/** A metric in one line: "200 → 50 ms, −75 %, better". */
export function measuredText(measured: Measured): string {
  const { before, after, unit } = measured;
  const change = changeText(measured);
  const sides = before === null ? [] : [before.value === null ? 'no samples' : numberText(before.value), '→'];
  return [...sides, amountText(after.value, unit)].join(' ') + (change === null ? '' : `, ${change}`);
}

const problems = {
  'source-vanished': 'its source has vanished',
  'bytes-lost': 'its stored bytes are lost',
  'bytes-differ': 'its stored bytes no longer have their hash',
};

/** The standing of evidence in words. */
export function evidenceText({ standing, problem, freshUntil, checkedAt }: Cited): string {
  if (standing === 'missing') return 'Missing: it has no bytes yet';
  if (problem !== null) return `Broken: ${problems[problem]}`;
  if (freshUntil === null) return 'Fresh: it does not age';
  const since = standing === 'stale' ? 'Stale since' : 'Fresh until';
  return checkedAt === null ? 'Never checked' : `${since} ${timeText(freshUntil)}`;
}

/** The version that the author of a claim had seen, and whether there is a later one. */
export function versionText({ seen, latestVersion, isChanged }: Cited): string {
  if (seen === null) return 'None: there were no bytes when the claim was written';
  if (seen.number === latestVersion) return `${seen.number}, the latest`;
  const bytes = isChanged ? 'other bytes' : 'the same bytes';
  return `${seen.number}; the latest is ${latestVersion}, with ${bytes}`;
}

/** The reasons for a claim's standing, a sentence each; none if it is backed. */
export function reasonsOf({ standing, evidence, metric }: ProvenClaim): string[] {
  if (standing === 'backed') return [];
  if (standing === 'unbacked') return ['It cites no evidence and no metric.'];
  const reasons = evidence.flatMap(reasonsOfEvidence);
  if (metric?.before?.value === null) reasons.push(`“${metric.name}” has no samples before the change.`);
  if (metric?.after.value === null) {
    const when = metric.changedAt === null ? 'in its range' : 'after the change';
    reasons.push(`“${metric.name}” has no samples ${when}.`);
  }
  return reasons;
}

function reasonsOfEvidence({ title, standing, problem, freshUntil, isChanged, ...cited }: Cited): string[] {
  const named = `“${title}”`;
  if (standing === 'missing') return [`${named} has no bytes yet.`];
  const reasons: string[] = [];
  if (problem !== null) reasons.push(`Of ${named}, ${problems[problem]}.`);
  if (standing === 'stale' && freshUntil !== null) {
    reasons.push(`${named} was not checked again before ${timeText(freshUntil)}.`);
  }
  if (isChanged) {
    const seen = cited.seen === null ? 'no version' : `version ${cited.seen.number}`;
    reasons.push(
      `${named} has changed: its latest version is ${cited.latestVersion}, the author of the claim had seen ${seen}.`,
    );
  }
  return reasons;
}
