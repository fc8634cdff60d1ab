/// <reference path="./.sst/platform/config.d.ts" />

export default $config({
  app(input) {
    return {
      name: 'portfolio',
      home: 'aws',
      removal: input.stage === 'production' ? 'retain' : 'remove',
      protect: input.stage === 'production',
      providers: { aws: '7.20.0', kubernetes: '4.24.1', 'docker-build': '0.0.14' },
    };
  },
  async run() {},
});
