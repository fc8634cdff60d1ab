import type { ProvenClaim } from '@portfolio/core/claim/provenance';

/** A case study as it is printed. */
export type PdfDocument = {
  title: string;
  summary: string;
  portfolioName: string;
  client: string | null;
  /** Printed as it is, for example "2025-01 – 2026-03". */
  period: string | null;
  tags: string[];
  /** BCP 47; also the language in which the date is written. */
  language: string;
  /** ISO 8601. */
  publishedAt: string | null;
  /** CommonMark with GitHub's extensions. */
  markdown: string;
  claims: PdfClaim[];
  /** When the claims were worth what they say, ISO 8601. */
  provenAt: string;
};

export type PdfClaim = ProvenClaim;

/** What the cover of a portfolio's PDF shows. */
export type PdfPortfolio = {
  name: string;
  tagline: string;
  /** Markdown. */
  description: string;
  /** The time that is printed as the PDF's own, ISO 8601. */
  at: string;
  /** How many studies are to come, as far as is known. */
  studyCount: number;
};
