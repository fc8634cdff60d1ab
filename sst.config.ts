/// <reference path="./.sst/platform/config.d.ts" />

export default $config({
  app(input) {
    const isProtected = input.stage === 'production';
    return {
      name: 'portfolio',
      home: 'aws',
      removal: isProtected ? 'retain' : 'remove',
      protect: isProtected,
      providers: { aws: '7.20.0', kubernetes: '4.24.1', 'docker-build': '0.0.14', command: '1.2.1' },
    };
  },
  async run() {
    const { stageOf } = await import('./stacks/stage.ts');
    const { createMessaging } = await import('./stacks/data/messaging.ts');
    const { createFiles } = await import('./stacks/data/files.ts');
    const { createDev } = await import('./stacks/dev.ts');
    const { createBoundary, createDeployer } = await import('./stacks/security/deployer.ts');
    const { createNetwork } = await import('./stacks/network.ts');
    const { createData } = await import('./stacks/data/index.ts');
    const { createImages } = await import('./stacks/images/index.ts');
    const { createCluster } = await import('./stacks/cluster/index.ts');
    const { createObservability } = await import('./stacks/observability/index.ts');
    const { createClientCertificates } = await import('./stacks/edge/client-certificates.ts');
    const { createSecrets, syncSecrets } = await import('./stacks/security/secrets.ts');
    const { createAdmission } = await import('./stacks/security/admission.ts');
    const { createApp } = await import('./stacks/app/index.ts');
    const { createEdge } = await import('./stacks/edge/index.ts');
    const { createChaos } = await import('./stacks/chaos.ts');

    const stage = stageOf($app.stage);
    const messaging = createMessaging(stage);
    const files = createFiles(stage);
    if ($dev) return createDev(messaging, files);

    const boundary = createBoundary(stage);
    const secrets = createSecrets(stage);
    const network = createNetwork(stage);
    const { database, cache } = createData(stage, network, files);
    const images = createImages(stage);
    const cluster = createCluster(stage, network);
    const prometheus = createObservability(stage, { network, cluster, images });
    const admission = createAdmission(cluster, images);
    const parts = { cluster, database, cache, files, messaging, images, secrets };
    const api = createApp(stage, parts, { admission, prometheus });
    const clients = createClientCertificates(stage);
    const synced = syncSecrets(secrets, { cluster, database, clients });
    const { domains, loadBalancers } = createEdge(stage, { network, cluster, images, clients }, [
      ...synced,
      ...api,
    ]);
    createChaos(stage, cluster, database, loadBalancers);
    const deployer = createDeployer(stage, cluster, boundary);
    return {
      page: `https://${domains.page}`,
      api: `https://${domains.api}`,
      cluster: cluster.cluster.name,
      registry: images.registry,
      deployer,
    };
  },
});
