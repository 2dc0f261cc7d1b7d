/**
 * Keeps the end of a growing text visible until the reader scrolls up. Only the reader's own scrolling ends that: a box that becomes
 * narrower, or text that is laid out again, moves the end too.
 */
import { useSignal, type Signal } from '@preact/signals';
import { useLayoutEffect, useMemo } from 'preact/hooks';
import { holdsSelection } from '../markdown/selection';

/** A box that is scrolled this close to its end follows the text. Pixels. */
const FOLLOWS_WITHIN = 48;

export interface Following {
  isFollowing: Signal<boolean>;
  /** Called after each change of the text. */
  keepEnd(): void;
  /** Scrolls to the end, and follows again. */
  jump(): void;
}

export function useFollowing(body: { current: HTMLElement | null }): Following {
  const isFollowing = useSignal(true);
  const following = useMemo(() => {
    const toEnd = () => {
      if (body.current) body.current.scrollTop = body.current.scrollHeight;
    };
    return {
      isFollowing,
      keepEnd: () => {
        if (isFollowing.peek() && body.current && !holdsSelection(body.current)) toEnd();
      },
      jump: () => {
        isFollowing.value = true;
        toEnd();
      },
    };
  }, []);
  useLayoutEffect(() => {
    const box = body.current;
    if (!box) return;
    let last = measure(box);
    const onScroll = () => {
      const next = measure(box);
      const isSameLayout = next.height === last.height && next.width === last.width && next.content >= last.content;
      if (isSameLayout && next.top < last.top) isFollowing.value = false;
      else if (isSameLayout && next.top > last.top && isAtEnd(box)) isFollowing.value = true;
      last = next;
    };
    // a scroll event of a few pixels may come after the text has scrolled back
    const onWheel = ({ deltaY }: WheelEvent) => {
      if (deltaY < 0 && box.scrollTop > 0) isFollowing.value = false;
    };
    box.addEventListener('scroll', onScroll, { passive: true });
    box.addEventListener('wheel', onWheel, { passive: true });
    const resizing = new ResizeObserver(() => {
      following.keepEnd();
      last = measure(box);
    });
    resizing.observe(box);
    return () => {
      box.removeEventListener('scroll', onScroll);
      box.removeEventListener('wheel', onWheel);
      resizing.disconnect();
    };
  }, []);
  return following;
}

function measure({ scrollTop: top, scrollHeight: content, clientHeight: height, clientWidth: width }: HTMLElement) {
  return { top, content, height, width };
}

function isAtEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight < FOLLOWS_WITHIN;
}
