export { createWebhook as create } from './create.ts';
export { deleteWebhook as delete } from './delete.ts';
export { listDeliveries as deliveries, readDelivery as delivery } from './deliveries.ts';
export { listDisabledWebhooks as disabled } from './list-disabled.ts';
export { listWebhooks as list } from './list.ts';
export { readWebhook as read } from './read.ts';
export { redeliver, testWebhook as test } from './redeliver.ts';
export { rotateWebhookSecret as rotateSecret } from './rotate-secret.ts';
export { updateWebhook as update } from './update.ts';
