export { readAuditHead as head } from './head.ts';
export { listAudit as list } from './list.ts';
export { listSecurityEvents as security } from './list-security.ts';
export { listOwnAudit as own } from './own.ts';
