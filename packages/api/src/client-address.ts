import proxyAddr from '@fastify/proxy-addr';
import ipaddr from 'ipaddr.js';
import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';

/**
 * Which hops of a request are believed about the one before them: the socket's end is hop 0, then X-Forwarded-For
 * counts from its end. What a client puts into that header itself comes before all of them.
 */
export const trustHops = (trustedHops: number) => (_address: string, hop: number) => hop < trustedHops;

/** The address of a client behind so many proxies of ours, where Fastify does not find it out. */
export const addressOf = (request: IncomingMessage, trustedHops: number): string =>
  proxyAddr(request, trustHops(trustedHops));

/** An IPv4 address, or the /64 of an IPv6 one in hexadecimal: whoever has one address of it has all. */
export function networkOf(address: string): string {
  if (isIPv4(address) || !ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return Buffer.from(parsed.toByteArray().slice(0, 8)).toString('hex');
}
