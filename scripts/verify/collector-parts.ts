/** As in stacks/images/collector.Dockerfile. */
const version = '0.150.0';

const core = (path: string) => `go.opentelemetry.io/collector/${path} v${version}`;
const contrib = (path: string, of = version) =>
  `github.com/open-telemetry/opentelemetry-collector-contrib/${path} v${of}`;
const provider = (name: string) => `go.opentelemetry.io/collector/confmap/provider/${name} v1.56.0`;

/** The program that generates the source of a collector. */
export const collectorBuilder = `go.opentelemetry.io/collector/cmd/builder@v${version}`;

const modules = {
  receivers: [core('receiver/otlpreceiver')],
  processors: [
    core('processor/memorylimiterprocessor'),
    contrib('processor/resourceprocessor'),
    contrib('processor/tailsamplingprocessor'),
  ],
  exporters: [
    core('exporter/otlphttpexporter'),
    contrib('exporter/prometheusexporter'),
    contrib('exporter/loadbalancingexporter'),
  ],
  extensions: [
    contrib('extension/healthcheckextension'),
    // Module proxies do not all have the version of the others.
    contrib('extension/sigv4authextension', '0.149.0'),
  ],
  providers: [provider('fileprovider'), provider('envprovider')],
};

type Part = keyof typeof modules;

/** The manifest of a collector with exactly the parts that the configurations in stacks/k8s use. */
export const collectorManifest = {
  dist: { name: 'otelcol', description: 'The parts that the platform uses', version, output_path: '.' },
  ...(Object.fromEntries(
    Object.entries(modules).map(([part, all]) => [part, all.map((gomod) => ({ gomod }))]),
  ) as Record<Part, { gomod: string }[]>),
};
