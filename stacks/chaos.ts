import type { Cluster } from './cluster/index.ts';
import type { Database } from './data/database.ts';
import type { LoadBalancers } from './edge/load-balancers.ts';
import type { Stage } from './stage.ts';

/**
 * Experiments of the AWS Fault Injection Service, started by hand: they terminate half of the nodes of the API or the
 * worker, or fail over the database. An alarm on errors of the load balancers stops an experiment.
 */
export function createChaos(
  stage: Stage,
  { cluster }: Cluster,
  database: Database,
  loadBalancers: LoadBalancers,
) {
  const alarm = createAlarm(loadBalancers);
  const role = createRole(cluster, database);
  const template = (name: string, description: string, rest: Pick<Template, 'actions' | 'targets'>) =>
    new aws.fis.ExperimentTemplate(name, {
      description,
      roleArn: role.arn,
      stopConditions: [{ source: 'aws:cloudwatch:alarm', value: alarm.arn }],
      tags: { Name: `${$app.name}-${stage.name}-${name}` },
      ...rest,
    });
  for (const group of ['api', 'worker']) {
    template(`${group}-nodes-end`, `Terminates half of the ${group} nodes`, {
      actions: [
        {
          name: 'end',
          actionId: 'aws:eks:terminate-nodegroup-instances',
          parameters: [{ key: 'instanceTerminationPercentage', value: '50' }],
          target: { key: 'Nodegroups', value: 'nodes' },
        },
      ],
      targets: [
        {
          name: 'nodes',
          resourceType: 'aws:eks:nodegroup',
          selectionMode: 'ALL',
          resourceTags: [
            { key: 'sst:stage', value: stage.name },
            { key: 'workload', value: group },
          ],
        },
      ],
    });
  }
  template('database-fails-over', 'Fails the database over to a reader', {
    actions: [
      {
        name: 'failover',
        actionId: 'aws:rds:failover-db-cluster',
        target: { key: 'Clusters', value: 'database' },
      },
    ],
    targets: [
      {
        name: 'database',
        resourceType: 'aws:rds:cluster',
        selectionMode: 'ALL',
        resourceArns: [database.cluster.arn],
      },
    ],
  });
}

/** Fires after two minutes with more than 25 5xx responses each, from the load balancers or their targets. */
function createAlarm(loadBalancers: LoadBalancers) {
  const queries = Object.entries(loadBalancers).flatMap(([name, { arnSuffix }]) =>
    ['ELB', 'Target'].map((from) => ({
      id: `${name}${from}`,
      metric: {
        namespace: 'AWS/ApplicationELB',
        metricName: `HTTPCode_${from}_5XX_Count`,
        dimensions: { LoadBalancer: arnSuffix },
        stat: 'Sum',
        period: 60,
      },
    })),
  );
  // The metric does not exist until a load balancer has returned its first error.
  const expression = queries.map(({ id }) => `FILL(${id}, 0)`).join(' + ');
  return new aws.cloudwatch.MetricAlarm('ChaosStop', {
    alarmDescription: 'Stops fault injection because requests fail',
    metricQueries: [...queries, { id: 'errors', expression, label: 'Errors', returnData: true }],
    evaluationPeriods: 2,
    threshold: 25,
    comparisonOperator: 'GreaterThanThreshold',
    treatMissingData: 'notBreaching',
  });
}

type Template = ConstructorParameters<typeof aws.fis.ExperimentTemplate>[1];

/** Limits fault injection to the nodes of this cluster and to this database. */
function createRole(cluster: aws.eks.Cluster, database: Database) {
  const role = new aws.iam.Role('ChaosRole', {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: 'fis.amazonaws.com' }),
  });
  const { accountId } = aws.getCallerIdentityOutput();
  const { region } = aws.getRegionOutput();
  new aws.iam.RolePolicy('ChaosPolicy', {
    role: role.name,
    policy: $jsonStringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 'rds:FailoverDBCluster', Resource: database.cluster.arn },
        { Effect: 'Allow', Action: 'rds:DescribeDBClusters', Resource: database.cluster.arn },
        // Finds targets by tag. AWS supports no resource-level permissions for these actions.
        { Effect: 'Allow', Action: ['tag:GetResources', 'ec2:DescribeInstances'], Resource: '*' },
        {
          Effect: 'Allow',
          Action: 'eks:DescribeNodegroup',
          Resource: $interpolate`arn:aws:eks:${region}:${accountId}:nodegroup/${cluster.name}/*`,
        },
        {
          Effect: 'Allow',
          Action: 'ec2:TerminateInstances',
          Resource: $interpolate`arn:aws:ec2:${region}:${accountId}:instance/*`,
          Condition: { StringEquals: { 'aws:ResourceTag/eks:cluster-name': cluster.name } },
        },
      ],
    }),
  });
  return role;
}
