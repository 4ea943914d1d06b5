// The baseline of the benches memory and start: a Nest application on Fastify that has read a kubeconfig, and does nothing.
// Bundled like the components. usage: node bare-nest.mjs PORT KUBECONFIG
import 'reflect-metadata';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

class BareModule {}
Module({})(BareModule);

const [port, kubeconfig] = process.argv.slice(2);
const config = new KubeConfig();
config.loadFromFile(kubeconfig!);
const app = await NestFactory.create<NestFastifyApplication>(BareModule, new FastifyAdapter(), { logger: false });
app
  .getHttpAdapter()
  .getInstance()
  .get('/readyz', () => config.getCurrentCluster()?.name ?? '');
await app.listen({ host: '127.0.0.1', port: Number(port) });
