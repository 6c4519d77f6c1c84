// Where oidc-provider keeps its tokens: Redis, with the same commands and keys as its own example adapter.
const WITH_GRANT = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);
const CONSUMED = new Set(['AuthorizationCode', 'RefreshToken']);

/** The adapter's class over one connection of ioredis. */
export const redisAdapter = redis => class {
  constructor(model) { this.model = model; }

  key(id) { return `${this.model}:${id}`; }

  async upsert(id, payload, expiresIn) {
    const key = this.key(id), text = JSON.stringify(payload), transaction = redis.multi();
    if (CONSUMED.has(this.model)) transaction.hset(key, 'payload', text); else transaction.set(key, text);
    if (expiresIn) transaction.expire(key, expiresIn);
    if (WITH_GRANT.has(this.model) && payload.grantId) {
      const list = `grant:${payload.grantId}`, left = await redis.ttl(list);
      transaction.rpush(list, key);
      if (expiresIn > left) transaction.expire(list, expiresIn);
    }
    await transaction.exec();
  }

  async find(id) {
    if (!CONSUMED.has(this.model)) {
      const text = await redis.get(this.key(id));
      return text === null ? undefined : JSON.parse(text);
    }
    const { payload, ...rest } = await redis.hgetall(this.key(id));
    return payload === undefined ? undefined : { ...rest, ...JSON.parse(payload) };
  }

  async consume(id) { await redis.hset(this.key(id), 'consumed', Math.floor(Date.now() / 1000)); }

  async destroy(id) { await redis.del(this.key(id)); }

  async revokeByGrantId(grantId) {
    const list = `grant:${grantId}`;
    await redis.del(list, ...await redis.lrange(list, 0, -1));
  }

  async findByUid() { return undefined; }
  async findByUserCode() { return undefined; }
};
