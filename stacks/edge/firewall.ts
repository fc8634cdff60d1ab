import type { Stage } from '../stage.ts';

/** Far above the API's own rate limit, so that only abusive clients reach it. */
const requestsPerFiveMinutes = 40_000;

/**
 * Managed rule groups, and the rules in them that only count matches. These inspect bodies and queries, and would block
 * case studies that contain code or markup, searches for names of files, and long tRPC batches.
 */
const ruleGroups: Record<string, string[]> = {
  AWSManagedRulesAmazonIpReputationList: [],
  AWSManagedRulesCommonRuleSet: [
    'SizeRestrictions_BODY',
    'SizeRestrictions_QUERYSTRING',
    'CrossSiteScripting_BODY',
    'CrossSiteScripting_QUERYARGUMENTS',
    'RestrictedExtensions_QUERYARGUMENTS',
    'GenericLFI_BODY',
    'GenericLFI_QUERYARGUMENTS',
    'GenericRFI_BODY',
    'GenericRFI_QUERYARGUMENTS',
    'EC2MetaDataSSRF_BODY',
    'EC2MetaDataSSRF_QUERYARGUMENTS',
  ],
  AWSManagedRulesKnownBadInputsRuleSet: ['JavaDeserializationRCE_BODY', 'Log4JRCE_BODY'],
};

const visibility = (metricName: string) => ({
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
  visibilityConfig: visibility('Flood'),
};

const managed = Object.entries(ruleGroups).map(([group, rules], index) => ({
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
  visibilityConfig: visibility(group),
}));

/** A web ACL that blocks known bad addresses and inputs, and floods from one address. CloudFront's must be in us-east-1. */
export function createFirewall(stage: Stage, name: string, scope: 'REGIONAL' | 'CLOUDFRONT') {
  const region = scope === 'CLOUDFRONT' ? { region: 'us-east-1' } : {};
  const acl = new aws.wafv2.WebAcl(`${name}Firewall`, {
    ...region,
    scope,
    defaultAction: { allow: {} },
    rules: [flood, ...managed],
    visibilityConfig: visibility(name),
  });
  const logs = new aws.cloudwatch.LogGroup(`${name}FirewallLogs`, {
    ...region,
    // WAF requires this prefix.
    name: `aws-waf-logs-${$app.name}-${stage.name}-${name.toLowerCase()}`,
    retentionInDays: stage.logDays,
  });
  new aws.wafv2.WebAclLoggingConfiguration(`${name}FirewallLogging`, {
    ...region,
    resourceArn: acl.arn,
    logDestinationConfigs: [logs.arn],
    redactedFields: [{ singleHeader: { name: 'authorization' } }, { singleHeader: { name: 'cookie' } }],
    // Allowed requests are in the access logs.
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
