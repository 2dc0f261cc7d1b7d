/**
 * The baseline: a bare HTTP/SSE proxy with the unmodified `openai` package, without durability. It knows the jobs of the
 * benchmark by name and loses them when it dies. Arguments: port, base URL of the gateway.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import OpenAI from 'openai';

const [port, baseURL] = process.argv.slice(2);
const client = new OpenAI({ baseURL: baseURL ?? '', apiKey: 'none' });

type Speak = (turn: string, prompt: string) => Promise<string>;

const swarms: Record<string, (speak: Speak, message: string) => Promise<unknown>> = {
  'one-voice': (speak, message) => speak('answer', message),
  async 'strategic-swarm'(speak, message) {
    const draft = await speak('draft', message);
    const critique = await speak('critique', `${message}\n${draft}`);
    return speak('plan', `${message}\n${draft}\n${critique}`);
  },
  async 'debate-swarm'(speak, message) {
    const voices = await Promise.all(['optimistic', 'cautious', 'balanced'].map((voice) => speak(voice, message)));
    return speak('summary', `${message}\n${voices.join('\n')}`);
  },
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { swarm_id, message } = (await json(request)) as { swarm_id: string; message: string };
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const send = (frame: object) => response.write(`data: ${JSON.stringify(frame)}\n\n`);
  const speak: Speak = async (turn, prompt) => {
    const stream = await client.chat.completions.create({
      model: 'fast-model',
      messages: [{ role: 'user', content: prompt }],
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    for await (const chunk of stream) {
      const content = chunk.choices[0]?.delta.content;
      if (!content) continue;
      text += content;
      send({ event: 'turn.delta', content, done: false, turn });
    }
    return text;
  };
  await swarms[swarm_id]?.(speak, message);
  send({ event: 'run.completed', content: '', done: true });
  response.end('data: [DONE]\n\n');
}

createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
}).listen(Number(port), '127.0.0.1');
