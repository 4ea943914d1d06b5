// The webhook bench's baseline: bare Fastify over HTTPS that parses the review and echoes its uid with a constant patch.
// usage: node bare-fastify.ts PORT TLS.crt TLS.key
import { readFileSync } from 'node:fs';
import { fastify } from 'fastify';

const [port, cert, key] = process.argv.slice(2);
const server = fastify({ https: { cert: readFileSync(cert!), key: readFileSync(key!) } });
const patch = Buffer.from(
  JSON.stringify([{ op: 'replace', path: '/spec/containers/0/image', value: 'registry.test/app-1:v1.0.0' }]),
).toString('base64');

server.post('/mutate/image-tag', (request, reply) => {
  const { uid } = (request.body as { request: { uid: string } }).request;
  reply.send({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid, allowed: true, patchType: 'JSONPatch', patch },
  });
});
await server.listen({ host: '127.0.0.1', port: Number(port) });
