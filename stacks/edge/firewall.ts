import type { Stage } from '../stage.ts';

/** Far above what the API itself allows a user in five minutes: whoever passes it means harm. */
const requestsPerFiveMinutes = 40_000;

/**
 * Rules that look into bodies and queries would take case studies about code and markup for attacks, and batches of tRPC
 * for too long: they count, and the API's own validation decides.
 */
const counted: Record<string, string[]> = {
  AWSManagedRulesAmazonIpReputationList: [],
  AWSManagedRulesCommonRuleSet: [
    'SizeRestrictions_BODY',
    'SizeRestrictions_QUERYSTRING',
    'CrossSiteScripting_BODY',
    'CrossSiteScripting_QUERYARGUMENTS',
    'GenericLFI_BODY',
    'GenericLFI_QUERYARGUMENTS',
    'GenericRFI_BODY',
    'GenericRFI_QUERYARGUMENTS',
    'EC2MetaDataSSRF_BODY',
    'EC2MetaDataSSRF_QUERYARGUMENTS',
  ],
  AWSManagedRulesKnownBadInputsRuleSet: ['JavaDeserializationRCE_BODY', 'Log4JRCE_BODY'],
};

const watched = (metricName: string) => ({
  metricName,
  cloudwatchMetricsEnabled: true,
  sampledRequestsEnabled: true,
});

const flood = {
  name: 'Flood',
  priority: 0,
  action: { block: { customResponse: { responseCode: 429 } } },
  statement: {
    rateBasedStatement: { aggregateKeyType: 'IP', limit: requestsPerFiveMinutes, evaluationWindowSec: 300 },
  },
  visibilityConfig: watched('Flood'),
};

const managed = Object.entries(counted).map(([group, rules], index) => ({
  name: group,
  priority: index + 1,
  overrideAction: { none: {} },
  statement: {
    managedRuleGroupStatement: {
      vendorName: 'AWS',
      name: group,
      ruleActionOverrides: rules.map((name) => ({ name, actionToUse: { count: {} } })),
    },
  },
  visibilityConfig: watched(group),
}));

/** A web ACL: known bad addresses and inputs are refused, and floods from one address. CloudFront's are in us-east-1. */
export function createFirewall(stage: Stage, name: string, scope: 'REGIONAL' | 'CLOUDFRONT') {
  const placed = scope === 'CLOUDFRONT' ? { region: 'us-east-1' } : {};
  const acl = new aws.wafv2.WebAcl(`${name}Firewall`, {
    ...placed,
    scope,
    defaultAction: { allow: {} },
    rules: [flood, ...managed],
    visibilityConfig: watched(name),
  });
  const logs = new aws.cloudwatch.LogGroup(`${name}FirewallLogs`, {
    ...placed,
    // WAF writes to groups of such names alone.
    name: `aws-waf-logs-${$app.name}-${stage.name}-${name.toLowerCase()}`,
    retentionInDays: stage.logDays,
  });
  new aws.wafv2.WebAclLoggingConfiguration(`${name}FirewallLogging`, {
    ...placed,
    resourceArn: acl.arn,
    logDestinationConfigs: [logs.arn],
    redactedFields: [{ singleHeader: { name: 'authorization' } }],
    // What was let through is in the access logs.
    loggingFilter: {
      defaultBehavior: 'DROP',
      filters: [
        {
          behavior: 'KEEP',
          requirement: 'MEETS_ANY',
          conditions: [{ actionCondition: { action: 'BLOCK' } }, { actionCondition: { action: 'COUNT' } }],
        },
      ],
    },
  });
  return acl;
}
