/**
 * The steps of a message as one trace (W3C Trace Context). Each step says its `traceparent`, which is kept in the events
 * it records, so that the next step finds it there, however long after and in whatever instance.
 *
 * Only the API of OpenTelemetry stands here: a span is recorded where the operator has registered an SDK, and otherwise
 * costs next to nothing. The trace goes on all the same: what comes in with a traceparent leaves with it, and a message
 * without one gets one.
 */
import { randomFillSync } from 'node:crypto';
import {
  context,
  isSpanContextValid,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type SpanContext,
} from '@opentelemetry/api';
import { GatewayError } from '../errors.ts';

export type StepName = 'receive' | 'record' | 'publish' | 'advance' | 'dispatch' | 'deliver';

/** Ids and codes, never content. */
export type About = Readonly<Record<string, string | number>>;

export interface Step {
  /** Of this step: what its events, messages and requests carry on. */
  readonly traceparent: string;
  /** Of the trace it is in: for the log. */
  readonly traceId: string;
  /** Runs work whose own instrumentation finds this step as its parent. */
  within<T>(work: () => T): T;
  /** @param failure why it came to nothing */
  end(failure?: unknown): void;
  /** Is the work from here to its end. */
  of<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Begins a step.
 * @param from the traceparent it follows from; without one it begins a trace
 */
export function beginStep(name: StepName, from?: string, about: About = {}): Step {
  return isRecorded() ? recordedStep(name, from, about) : new PlainStep(from ?? newTraceparent());
}

/** Of a trace that nobody here records: it goes on as it came. */
class PlainStep implements Step {
  readonly traceparent: string;

  constructor(traceparent: string) {
    this.traceparent = traceparent;
  }

  get traceId(): string {
    return traceIdIn(this.traceparent);
  }

  within<T>(work: () => T): T {
    return work();
  }

  end(): void {}

  of<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }
}

function recordedStep(name: StepName, from: string | undefined, about: About): Step {
  const parent = from === undefined ? undefined : spanContextOf(from);
  const above = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
  const span = trace
    .getTracer(tracerName)
    .startSpan(name, { kind: kinds[name], attributes: about }, above);
  const own = span.spanContext();
  const traceparent = isSpanContextValid(own) ? textOf(own) : newTraceparent();
  const step: Step = {
    traceparent,
    traceId: traceIdIn(traceparent),
    within: (work) => context.with(trace.setSpan(above, span), work),
    async of(work) {
      try {
        const result = await step.within(work);
        step.end();
        return result;
      } catch (thrown) {
        step.end(thrown);
        throw thrown;
      }
    },
    end(failure) {
      // The text of an error that is not ours may quote what it choked on.
      if (failure !== undefined) {
        const message = failure instanceof GatewayError ? failure.code : 'assertion-failed';
        span.setStatus({ code: SpanStatusCode.ERROR, message });
      }
      span.end();
    },
  };
  return step;
}

const tracerName = 'hemgang';

/** Whether an SDK is registered: without one, making spans that nobody records would cost more than a commit's share. */
function isRecorded(): boolean {
  const provider = trace.getTracerProvider();
  if (!(provider instanceof ProxyTracerProvider)) return true;
  return provider.getDelegateTracer(tracerName) !== undefined;
}

const traceIdIn = (traceparent: string): string => traceparent.slice(3, 35);

/** A `traceparent` header as far as it can be used; undefined where it is missing or wrong, and a new trace begins. */
export function traceparentIn(header: unknown): string | undefined {
  if (typeof header !== 'string' || header.length > 512) return undefined;
  const parent = spanContextOf(header);
  return parent && isSpanContextValid(parent) ? textOf(parent) : undefined;
}

const kinds: Readonly<Record<StepName, SpanKind>> = {
  receive: SpanKind.SERVER,
  record: SpanKind.INTERNAL,
  publish: SpanKind.PRODUCER,
  advance: SpanKind.CONSUMER,
  dispatch: SpanKind.CONSUMER,
  deliver: SpanKind.CLIENT,
};

/** Version 00 has these four fields; a later version has them too, and may have more (W3C Trace Context, 3.2). */
const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

function spanContextOf(traceparent: string): SpanContext | undefined {
  const [, version, traceId, spanId, flags, more] = form.exec(traceparent) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) {
    return undefined;
  }
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}

function textOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 1) === 1 ? '01' : '00'}`;
}

// Random bytes are dear one by one.
const pool = Buffer.alloc(24 * 128);
let used = pool.length;

/** A trace that nobody records: not sampled. */
function newTraceparent(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const ids = pool.toString('hex', used, used + 24);
  used += 24;
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-00`;
}
