import { fastify } from 'fastify';
import { callerOf, fastifyGuard } from '@strowger/auth/fastify';

const guard = fastifyGuard();
const app = fastify();
app.get<{ Params: { extension: string } }>('/callforward/:extension', { onRequest: guard('rest:callforward:read') }, request =>
  ({ extension: request.params.extension, asked_by: callerOf(request).claims.sub }));
app.put('/callforward/:extension', { onRequest: guard('rest:callforward:write') }, (_request, reply) => reply.status(204).send());
void app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' });
