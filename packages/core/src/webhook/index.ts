export { createWebhook } from './create.ts';
export { deleteWebhook } from './delete.ts';
export { listDeliveries, readDelivery } from './deliveries.ts';
export { listWebhooks } from './list.ts';
export { readWebhook } from './read.ts';
export { redeliver, testWebhook } from './redeliver.ts';
export { rotateWebhookSecret } from './rotate-secret.ts';
export { updateWebhook } from './update.ts';
