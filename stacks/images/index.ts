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
 * Builds all images, pushes each to its own repository, and signs them. `refs` name images by digest, and resolve after
 * an image is signed.
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
    // Valid for twelve hours, and still encrypted in the state.
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
    /** The prefix of all image names. */
    registry: $interpolate`${accountId}.dkr.ecr.${region}.amazonaws.com/${$app.name}-${stage.name}`,
    signingKey: key,
  };
}

/** Signs an image and attests its SBOM. Returns the same reference, which resolves after signing. */
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
    // Deploying a commit again builds it again with another digest. Pods and signatures name images by digest.
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
