export { createPortfolio } from './create.ts';
export { exportPortfolio } from './export.ts';
export { listPortfolios } from './list.ts';
export { readPortfolio } from './read.ts';
export { summarizePortfolio } from './summary.ts';
export { updatePortfolio } from './update.ts';
