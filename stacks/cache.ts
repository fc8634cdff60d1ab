import type { Network } from './network.ts';
import type { Stage } from './stage.ts';

/** Valkey, encrypted on its way and at rest, over two zones; null where the stage has none. */
export function createCache(stage: Stage, { vpc, groups }: Network) {
  if (!stage.hasCache) return null;
  const subnets = new aws.elasticache.SubnetGroup('CacheSubnets', { subnetIds: vpc.privateSubnets });
  return new aws.elasticache.ReplicationGroup('Cache', {
    description: 'Summaries of portfolios that are asked for often',
    engine: 'valkey',
    engineVersion: '8.1',
    nodeType: 'cache.t4g.small',
    numCacheClusters: 2,
    multiAzEnabled: true,
    automaticFailoverEnabled: true,
    transitEncryptionEnabled: true,
    atRestEncryptionEnabled: true,
    subnetGroupName: subnets.name,
    securityGroupIds: [groups.cache.id],
    snapshotRetentionLimit: 1,
  });
}
