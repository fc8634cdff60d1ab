export { createCaseStudy } from './create.ts';
export { exportCaseStudy } from './export.ts';
export { listCaseStudies } from './list.ts';
export { publishCaseStudy } from './publish.ts';
export { readCaseStudy } from './read.ts';
export { updateCaseStudy } from './update.ts';
