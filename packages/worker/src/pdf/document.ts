import type { ProvenClaim } from '@portfolio/core/claim/provenance';

/** The printed content of a case study. */
export type PdfDocument = {
  title: string;
  summary: string;
  portfolioName: string;
  client: string | null;
  /** Printed unchanged, for example "2025-01 – 2026-03". */
  period: string | null;
  tags: string[];
  /** BCP 47; also the language of the printed date. */
  language: string;
  /** ISO 8601. */
  publishedAt: string | null;
  /** CommonMark with GitHub's extensions. */
  markdown: string;
  claims: PdfClaim[];
  /** The time at which the standing of the claims was determined, ISO 8601. */
  provenAt: string;
};

export type PdfClaim = ProvenClaim;

/** The content of the cover of a portfolio's PDF. */
export type PdfPortfolio = {
  name: string;
  tagline: string;
  /** Markdown. */
  description: string;
  /** The time of the PDF, which is printed, ISO 8601. */
  at: string;
  /** The expected number of studies. */
  studyCount: number;
};
