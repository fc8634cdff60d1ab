import proxyAddr from '@fastify/proxy-addr';
import ipaddr from 'ipaddr.js';
import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';

/**
 * Trusts the nearest `trustedHops` hops of a request: hop 0 is the peer of the socket, the following ones are read from
 * the end of X-Forwarded-For. Entries that a client sends itself come before those, so they are not trusted.
 */
export const trustHops = (trustedHops: number) => (_address: string, hop: number) => hop < trustedHops;

/** The address of a client behind `trustedHops` proxies, for requests that do not pass through Fastify. */
export const addressOf = (request: IncomingMessage, trustedHops: number): string =>
  proxyAddr(request, trustHops(trustedHops));

/** An IPv4 address, or the /64 of an IPv6 address in hexadecimal, since one client usually controls all of it. */
export function networkOf(address: string): string {
  if (isIPv4(address) || !ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return Buffer.from(parsed.toByteArray().slice(0, 8)).toString('hex');
}
