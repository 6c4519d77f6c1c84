import { subscribe } from 'node:diagnostics_channel';
import { errorMonitor, EventEmitter } from 'node:events';
import { Socket } from 'node:net';

/** Whoever waits for `drain` of a socket that is over goes on, and sees that the connection is closed. */
const watch = (message: unknown): void => {
  if (typeof message !== 'object' || message === null || !('socket' in message) || !(message.socket instanceof Socket)) return;
  const socket: EventEmitter = message.socket, wake = (): void => { socket.emit('drain'); };
  // Before the listeners of whoever made the socket; the monitor handles nothing, so an error that nobody handles stays one.
  socket.once('close', wake).once(errorMonitor, wake);
};

let watching = false;
/**
 * Lets the driver notice writes into a dying socket. Up to 7.9 it waits, after a write that was refused, for `drain` or `error`
 * alone. A socket that the server ended is destroyed a moment before it says `close`, and says neither: a write in that moment
 * never returns. When a server dies, its monitor asks at that very moment (one operation failed: is the server there?), waits
 * for ever, and the server stays unknown for as long as the process lives. And a socket's own error came through
 * as it was, which the driver's retries do not know.
 *
 * Of all client sockets of the process: the driver does not show its own. (Node 22 announces those of TLS not.)
 */
export function watchDriverSockets(): void {
  if (!watching) subscribe('net.client.socket', watch);
  watching = true;
}
