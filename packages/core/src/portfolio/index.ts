export { createPortfolio as create } from './create.ts';
export { exportPortfolio as export } from './export.ts';
export { listPortfolios as list } from './list.ts';
export { readPortfolio as read } from './read.ts';
export { summarizePortfolio as summary } from './summary.ts';
export { updatePortfolio as update } from './update.ts';
