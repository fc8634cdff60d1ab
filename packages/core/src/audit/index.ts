export { listAudit as list } from './list.ts';
