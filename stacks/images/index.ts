import { execFileSync } from 'node:child_process';
import { type Stage, keep } from '../stage.ts';

export type Images = ReturnType<typeof createImages>;

type Name = 'api' | 'worker' | 'nginx' | 'collector';

/** How each image is built. Pods in the namespace `portfolio` run these images and no others. */
const recipes: Record<Name, { dockerfile: string; buildArgs?: Record<string, string> }> = {
  api: { dockerfile: 'Dockerfile', buildArgs: { PROGRAM: 'api' } },
  worker: { dockerfile: 'Dockerfile', buildArgs: { PROGRAM: 'worker' } },
  nginx: { dockerfile: 'stacks/images/nginx.Dockerfile' },
  collector: { dockerfile: 'stacks/images/collector.Dockerfile' },
};

/**
 * A repository for each image, and the key that images are signed with. Whoever takes an image from here waits until it
 * is signed; pods name it by its digest.
 */
export function createImages(stage: Stage) {
  const key = new aws.kms.Key(
    'SigningKey',
    {
      description: 'Signs images',
      keyUsage: 'SIGN_VERIFY',
      customerMasterKeySpec: 'ECC_NIST_P256',
      deletionWindowInDays: stage.isProtected ? 30 : 7,
    },
    keep(stage),
  );
  new aws.kms.Alias('SigningKeyAlias', {
    name: `alias/${$app.name}-${stage.name}-signing`,
    targetKeyId: key.keyId,
  });
  const token = aws.ecr.getAuthorizationTokenOutput();
  const registry = {
    address: token.proxyEndpoint,
    username: token.userName,
    // Of twelve hours; encrypted in the state of the deployment all the same.
    password: $util.secret(token.password),
  };
  const revision = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8' }).trim();
  const build = (name: Name) => {
    const { dockerfile, buildArgs } = recipes[name];
    const repository = createRepository(stage, name);
    const { ref } = new dockerbuild.Image(`${name}Image`, {
      tags: [$interpolate`${repository.repositoryUrl}:${revision}`],
      push: true,
      platforms: ['linux/arm64'],
      context: { location: $cli.paths.root },
      dockerfile: { location: `${$cli.paths.root}/${dockerfile}` },
      buildArgs,
      registries: [registry],
    });
    return sign(name, ref, key);
  };
  const { accountId } = aws.getCallerIdentityOutput();
  const { region } = aws.getRegionOutput();
  return {
    refs: {
      api: build('api'),
      worker: build('worker'),
      nginx: build('nginx'),
      collector: build('collector'),
    },
    /** Where every image of ours comes from. */
    registry: $interpolate`${accountId}.dkr.ecr.${region}.amazonaws.com/${$app.name}-${stage.name}`,
    signingKey: key,
  };
}

/** Signs an image and what it is made of; says again which one, once that is done. */
function sign(name: string, ref: $util.Output<string>, key: aws.kms.Key) {
  const signature = new command.local.Command(`${name}Signature`, {
    create: `${$cli.paths.root}/stacks/images/sign`,
    environment: { IMAGE: ref, SIGNING_KEY: key.arn },
  });
  return signature.environment.apply((environment) => environment!.IMAGE);
}

function createRepository(stage: Stage, name: string) {
  const repository = new aws.ecr.Repository(`${name}Repository`, {
    name: `${$app.name}-${stage.name}/${name}`,
    // A commit that is deployed again is built again, to other bytes. Pods and signatures name an image by its digest.
    imageTagMutability: 'MUTABLE',
    imageScanningConfiguration: { scanOnPush: true },
    encryptionConfigurations: [{ encryptionType: 'KMS' }],
    forceDelete: !stage.isProtected,
  });
  new aws.ecr.LifecyclePolicy(`${name}Lifecycle`, {
    repository: repository.name,
    policy: $jsonStringify({
      rules: [
        {
          rulePriority: 1,
          description:
            'The last hundred builds can be rolled back to, each with its signature and attestation',
          selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 300 },
          action: { type: 'expire' },
        },
      ],
    }),
  });
  return repository;
}
