import { cachePort } from '../k8s/flows.ts';
import type { Network } from '../network.ts';
import type { Stage } from '../stage.ts';

const user = 'portfolio-api';

export type Cache = NonNullable<ReturnType<typeof createCache>>;

/**
 * A Valkey cluster in two zones, encrypted in transit and at rest, as a cache that API processes share. They sign in with
 * IAM tokens. Null if the stage has none: then each process caches in its own memory only.
 */
export function createCache(stage: Stage, { vpc, groups }: Network) {
  if (!stage.hasCache) return null;
  const account = new aws.elasticache.User('CacheUser', {
    // IAM authentication requires both to be the same. The name is unique in an account.
    userId: `${user}-${stage.name}`,
    userName: `${user}-${stage.name}`,
    engine: 'valkey',
    authenticationMode: { type: 'iam' },
    accessString: 'on ~published:* -@all +@connection +@read +@write',
  });
  const users = new aws.elasticache.UserGroup('CacheUsers', {
    userGroupId: `portfolio-${stage.name}`,
    engine: 'valkey',
    userIds: [account.userId],
  });
  const subnets = new aws.elasticache.SubnetGroup('CacheSubnets', { subnetIds: vpc.privateSubnets });
  const group = new aws.elasticache.ReplicationGroup('Cache', {
    replicationGroupId: `portfolio-${stage.name}`,
    description: 'Published answers that processes of the API share',
    engine: 'valkey',
    engineVersion: '8.1',
    nodeType: 'cache.t4g.small',
    numCacheClusters: 2,
    multiAzEnabled: true,
    automaticFailoverEnabled: true,
    transitEncryptionEnabled: true,
    atRestEncryptionEnabled: true,
    userGroupIds: [users.userGroupId],
    subnetGroupName: subnets.name,
    securityGroupIds: [groups.cache.id],
    port: cachePort,
  });
  return {
    url: $interpolate`rediss://${account.userName}@${group.primaryEndpointAddress}:${cachePort}`,
    group,
    /** The resources that an IAM policy must name to allow signing in. */
    arns: { CacheArn: group.arn, CacheUserArn: account.arn },
  };
}
