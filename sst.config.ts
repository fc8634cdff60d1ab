/// <reference path="./.sst/platform/config.d.ts" />

export default $config({
  app(input) {
    const isProtected = input.stage === 'production';
    return {
      name: 'portfolio',
      home: 'aws',
      removal: isProtected ? 'retain' : 'remove',
      protect: isProtected,
      providers: { aws: '7.20.0', kubernetes: '4.24.1', 'docker-build': '0.0.14' },
    };
  },
  async run() {
    const { stageOf } = await import('./stacks/stage.ts');
    const { createNetwork } = await import('./stacks/network.ts');
    const { createData } = await import('./stacks/data.ts');
    const { createCache } = await import('./stacks/cache.ts');
    const { createMessaging } = await import('./stacks/messaging.ts');
    const { createBackup } = await import('./stacks/backup.ts');
    const { createImages } = await import('./stacks/images.ts');
    const { createCluster } = await import('./stacks/cluster.ts');

    const stage = stageOf($app.stage);
    const messaging = createMessaging(stage);
    const network = createNetwork(stage);
    const data = createData(stage, network);
    createCache(stage, network);
    createBackup(data);
    const images = createImages(stage);
    const { cluster } = createCluster(stage, network);
    return { cluster: cluster.name, queue: messaging.jobs.url, registry: images.registry };
  },
});
