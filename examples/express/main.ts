import express from 'express';
import { callerOf, expressGuard } from '@strowger/auth/express';

const guard = expressGuard();
const app = express();
app.get('/callforward/:extension', guard('rest:callforward:read'), (request, response) => {
  response.json({ extension: request.params['extension'], asked_by: callerOf(request).claims.sub });
});
app.put('/callforward/:extension', guard('rest:callforward:write'), (_request, response) => { response.status(204).end(); });
app.listen(Number(process.argv[2]), '127.0.0.1');
