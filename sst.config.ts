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
    const { createNetwork } = await import('./stacks/network.ts');
    const { createDatabase } = await import('./stacks/data/database.ts');
    const { createCache } = await import('./stacks/data/cache.ts');
    const { createBackup } = await import('./stacks/data/backup.ts');
    const { createCopies } = await import('./stacks/data/replication.ts');
    const { createImages } = await import('./stacks/images/index.ts');
    const { createCluster } = await import('./stacks/cluster/cluster.ts');
    const { createAppRoles } = await import('./stacks/security/iam.ts');
    const { createAdmission } = await import('./stacks/security/admission.ts');
    const { createNamespaces } = await import('./stacks/cluster/namespaces.ts');
    const { createVolumes } = await import('./stacks/cluster/volumes.ts');
    const { createMonitoring } = await import('./stacks/observability/monitoring.ts');
    const { createLogging } = await import('./stacks/observability/logging.ts');
    const { createTracing } = await import('./stacks/observability/tracing.ts');
    const { createChaos } = await import('./stacks/chaos.ts');
    const { createScaling } = await import('./stacks/cluster/scaling.ts');
    const { createMigration } = await import('./stacks/app/migration.ts');
    const { createApi } = await import('./stacks/app/api.ts');
    const { createWorker } = await import('./stacks/app/worker.ts');
    const { createBoundary, createDeployer } = await import('./stacks/security/deployer.ts');
    const { createAccessLogs } = await import('./stacks/edge/access-logs.ts');
    const { createClients } = await import('./stacks/edge/client-certificates.ts');
    const { createSecrets } = await import('./stacks/security/secrets.ts');
    const { createLoadBalancerController } = await import('./stacks/cluster/load-balancer-controller.ts');
    const { createNames } = await import('./stacks/edge/domains.ts');
    const { createEdge } = await import('./stacks/edge/load-balancers.ts');
    const { createNginx } = await import('./stacks/edge/nginx.ts');
    const { createWeb } = await import('./stacks/edge/web.ts');

    const stage = stageOf($app.stage);
    const messaging = createMessaging(stage);
    const files = createFiles(stage);
    if ($dev) return createDev(messaging, files);

    const boundary = createBoundary(stage);
    const network = createNetwork(stage);
    const database = createDatabase(stage, network, files);
    const cache = createCache(stage, network);
    const backup = createBackup(stage, database, files);
    createCopies(stage, files.key, { Files: files, Backups: backup });
    const images = createImages(stage);
    const cluster = createCluster(stage, network);
    const namespaces = createNamespaces(stage, cluster);
    const volumes = createVolumes(cluster);
    const monitoring = createMonitoring(stage, cluster, [...namespaces, volumes]);
    createLogging(stage, network, cluster, namespaces);
    createTracing(cluster, namespaces);
    const scaling = createScaling(cluster, messaging, namespaces);
    const admission = createAdmission(cluster, images, namespaces);
    const roles = createAppRoles(cluster, { database, files, messaging, cache });
    const app = { cluster, roles, database, files, messaging, images };
    const migrated = createMigration(app, admission);
    const api = createApi(stage, { ...app, cache }, [monitoring, scaling, ...migrated]);
    createWorker(stage, app, [monitoring, scaling, ...migrated]);
    const logs = createAccessLogs(stage);
    const clients = createClients(stage);
    const secrets = createSecrets(stage, { cluster, database, clients }, namespaces);
    const controller = createLoadBalancerController(cluster, network, namespaces);
    const nginx = createNginx(stage, { cluster, images, clients }, [controller, ...secrets, ...api]);
    const names = createNames(stage);
    const edge = createEdge(stage, { cluster, network, clients, logs, names }, nginx);
    createWeb(stage, { edge, names, logs });
    createChaos(stage, cluster, database, edge);
    const deployer = createDeployer(stage, cluster, boundary);
    return {
      page: `https://${names.page}`,
      api: `https://${names.api}`,
      cluster: cluster.cluster.name,
      registry: images.registry,
      deployer,
    };
  },
});
