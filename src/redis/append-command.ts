/**
 * Calls `append-turn-events`, which runs once for each piece of text.
 *
 * The script must know which server process executes it (`lua/shared/stream.lua`), and looking that up in each call would cost more than
 * the append itself. A socket stays connected to one process while it is open. So the first call on a socket makes the script look up the
 * id, and later calls pass it. The argument is set when the command is written to a socket, not when it is created: a command that waits
 * for a connection, or is resent after a lost one, names the process that it actually reaches.
 *
 * Appends sent in the same turn of the event loop share one write.
 */
import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { Command } from 'ioredis';
import { z } from 'zod';
import type { RedisConnection } from './connect';
import { scripts } from './scripts';

const NAME = 'append-turn-events';

/** Arguments of EVAL before the keys: the script and the number of keys. */
const LEADING_ARGUMENTS = 2;

const appendStatus = z.enum(['ok', 'fenced', 'closed', 'lost']);
type AppendStatus = z.infer<typeof appendStatus>;

/** Maps a socket to the id of the server process it is connected to, once that process has cached the script. */
const serverIds = new WeakMap<object, string>();

class AppendCommand extends Command {
  private readonly serverIdAt: number;
  private socket: object | undefined;

  /** `values` are the script's arguments after the server id. */
  constructor(
    private readonly script: { lua: string; sha: string },
    appendedKeys: readonly string[],
    values: readonly (string | number)[],
  ) {
    const keyCount = appendedKeys.length;
    super('evalsha', [script.sha, keyCount, ...appendedKeys, '', ...values], { replyEncoding: 'utf8' });
    this.serverIdAt = LEADING_ARGUMENTS + keyCount;
  }

  override toWritable(socket: object): string | Buffer {
    const serverId = serverIds.get(socket);
    this.socket = socket;
    this.name = serverId === undefined ? 'eval' : 'evalsha';
    this.args[0] = serverId === undefined ? this.script.lua : this.script.sha;
    this.args[this.serverIdAt] = serverId ?? '';
    gatherWrites(socket);
    return super.toWritable(socket);
  }

  noteServerId(id: string): void {
    if (this.socket) serverIds.set(this.socket, id);
  }

  forgetServerId(): void {
    if (this.socket) serverIds.delete(this.socket);
  }
}

const gathering = new WeakSet<object>();

/** Combines everything written to a socket before the next `process.nextTick` callback into one write. */
function gatherWrites(socket: object): void {
  if (!(socket instanceof Writable) || gathering.has(socket)) return;
  gathering.add(socket);
  socket.cork();
  process.nextTick(() => {
    gathering.delete(socket);
    socket.uncork();
  });
}

/** Appends events of a turn. The script documents the keys and values. */
export async function appendTurnEvents(
  redis: RedisConnection,
  keys: readonly string[],
  values: readonly (string | number)[],
): Promise<AppendStatus> {
  for (;;) {
    const command = new AppendCommand(findScript(), keys, values);
    try {
      const [status, serverId] = String(await redis.sendCommand(command)).split(' ');
      if (serverId) command.noteServerId(serverId);
      return appendStatus.parse(status);
    } catch (error) {
      if (!isScriptMissing(error)) throw error;
      command.forgetServerId();
    }
  }
}

/** Returns whether the script cache was flushed. */
function isScriptMissing(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

let found = { lua: '', sha: '' };

function findScript(): typeof found {
  const lua = scripts[NAME]?.lua ?? '';
  if (found.lua !== lua) found = { lua, sha: createHash('sha1').update(lua).digest('hex') };
  return found;
}
