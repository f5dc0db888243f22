// OpenFeature's server SDK with its OpenTelemetry hooks and the OTLP/HTTP exporters, against a running server:
//   node telemetry.mjs BASE_URL KEY
//   {"flag":...,"unit":...,"hook":"EventHook"|"SpanEventHook"|"SpanHook"}   evaluates by OFREP; answers with the details
//   {"flush":true}                                                        answers once everything is exported
import { trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { EventHook, SpanEventHook, SpanHook } from '@openfeature/open-telemetry-hooks';
import { OpenFeature } from '@openfeature/server-sdk';
import { lines } from './lines.mjs';

const [baseUrl, key] = process.argv.slice(2);
const resource = resourceFromAttributes({ 'service.name': 'basket' });
const headers = { 'X-API-Key': key };
const loggers = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor(new OTLPLogExporter({ url: `${baseUrl}/v1/logs`, headers }))] });
const tracers = new NodeTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: `${baseUrl}/v1/traces`, headers }))] });
logs.setGlobalLoggerProvider(loggers);
tracers.register();

await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl, headers: [['X-API-Key', key]] }));
const clients = Object.fromEntries([EventHook, SpanEventHook, SpanHook].map((hook) => {
  const client = OpenFeature.getClient(hook.name);
  client.addHooks(new hook());
  return [hook.name, client];
}));

await lines(async ({ flag, unit, hook, flush }) => {
  if (flush) {
    await loggers.forceFlush();
    await tracers.forceFlush();
    return { flushed: true };
  }

  return trace.getTracer('test').startActiveSpan('checkout', async (span) => {
    try {
      return await clients[hook].getBooleanDetails(flag, false, { targetingKey: unit });
    } finally {
      span.end();
    }
  });
});
