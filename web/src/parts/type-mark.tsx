/** The mark of a type of asset, in the shape and colour of its kind of energy. */
import { lookOf } from '../things.ts'
import { Icon } from './icon.tsx'

export function TypeMark({ type }: { type: string }) {
  const { icon, look } = lookOf(type)
  return (
    <span class={`kind kind-${look}`}>
      <Icon name={icon} size={18} />
    </span>
  )
}
