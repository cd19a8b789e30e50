package dev.fairlead.concurrency;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.commons.AdviceAdapter;
import org.objectweb.asm.commons.ClassRemapper;
import org.objectweb.asm.commons.SimpleRemapper;

/** The project's classes once more, with calls of the {@link Scheduler}. */
final class InstrumentedClasses extends ClassLoader {
  private static final int API = Opcodes.ASM9;
  private static final String SCHEDULER = "dev/fairlead/concurrency/Scheduler";
  private static final String NONE = "()V";
  private static final String OF_OBJECT = "(Ljava/lang/Object;)V";

  /** The fields that nobody writes after construction, by class. */
  private static final Map<String, Set<String>> FINAL_FIELDS = new ConcurrentHashMap<>();

  InstrumentedClasses() {
    super(InstrumentedClasses.class.getClassLoader());
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    // The time and the loop implement interfaces of the project, but take one step each.
    boolean stepped = name.startsWith("dev.fairlead.concurrency.Stepped");
    boolean ours = name.startsWith("dev.fairlead.concurrency.") && !stepped;
    if (!name.startsWith("dev.fairlead.") || ours) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> known = findLoadedClass(name);
      if (known == null) {
        byte[] code = code(name.replace('.', '/'), !stepped);
        known = defineClass(name, code, 0, code.length);
      }
      return known;
    }
  }

  private static ClassReader read(String name) {
    try (InputStream in =
        InstrumentedClasses.class.getClassLoader().getResourceAsStream(name + ".class")) {
      if (in == null) {
        throw new IllegalStateException("There is no class " + name + ".");
      }
      return new ClassReader(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] code(String name, boolean instrumented) {
    ClassReader reader = read(name);
    ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_MAXS);
    if (!instrumented) {
      reader.accept(writer, 0);
      return writer.toByteArray();
    }
    ClassVisitor remapper =
        new ClassRemapper(
            writer,
            new SimpleRemapper(
                API,
                "java/util/concurrent/locks/ReentrantLock",
                "dev/fairlead/concurrency/ControlledLock"));
    reader.accept(
        new ClassVisitor(API, remapper) {
          @Override
          public MethodVisitor visitMethod(
              int access, String method, String type, String generic, String[] thrown) {
            boolean locked = (access & Opcodes.ACC_SYNCHRONIZED) != 0;
            int without = access & ~Opcodes.ACC_SYNCHRONIZED;
            MethodVisitor next = super.visitMethod(without, method, type, generic, thrown);
            return new Calls(next, without, method, type, name, locked);
          }
        },
        ClassReader.EXPAND_FRAMES);
    return writer.toByteArray();
  }

  private static boolean isFinal(String owner, String field) {
    return FINAL_FIELDS
        .computeIfAbsent(
            owner,
            name -> {
              Set<String> found = new HashSet<>();
              read(name)
                  .accept(
                      new ClassVisitor(API) {
                        @Override
                        public FieldVisitor visitField(
                            int access, String each, String type, String generic, Object value) {
                          if ((access & Opcodes.ACC_FINAL) != 0) {
                            found.add(each);
                          }
                          return null;
                        }
                      },
                      ClassReader.SKIP_CODE);
              return found;
            })
        .contains(field);
  }

  private static final class Calls extends AdviceAdapter {
    private final String owner;
    private final boolean locked;
    private final boolean constructs;
    private final boolean initializes;
    private final boolean isStatic;
    private final Label begin = new Label();
    private final Label end = new Label();

    Calls(MethodVisitor next, int access, String name, String type, String owner, boolean locked) {
      super(API, next, access, name, type);
      this.owner = owner;
      this.locked = locked;
      constructs = name.equals("<init>");
      initializes = name.equals("<clinit>");
      isStatic = (access & Opcodes.ACC_STATIC) != 0;
    }

    private void call(String method, String type) {
      super.visitMethodInsn(Opcodes.INVOKESTATIC, SCHEDULER, method, type, false);
    }

    @Override
    protected void onMethodEnter() {
      if (initializes) {
        call("beginInitializer", NONE);
      }
      if (locked) {
        onOwnMonitor("enter");
        super.visitLabel(begin);
      }
    }

    private void onOwnMonitor(String method) {
      if (isStatic) {
        super.visitLdcInsn(Type.getObjectType(owner));
      } else {
        super.loadThis();
      }
      call(method, OF_OBJECT);
    }

    @Override
    protected void onMethodExit(int opcode) {
      if (initializes) {
        call("endInitializer", NONE);
      }
      if (locked && opcode != ATHROW) {
        onOwnMonitor("exit");
      }
    }

    @Override
    public void visitMaxs(int stack, int locals) {
      if (locked) {
        super.visitLabel(end);
        super.visitTryCatchBlock(begin, end, end, null);
        Object[] types = new Object[(isStatic ? 0 : 1) + getArgumentTypes().length];
        int at = 0;
        if (!isStatic) {
          types[at++] = owner;
        }
        for (Type each : getArgumentTypes()) {
          types[at++] = frameType(each);
        }
        super.visitFrame(
            Opcodes.F_NEW, types.length, types, 1, new Object[] {"java/lang/Throwable"});
        onOwnMonitor("exit");
        mv.visitInsn(ATHROW);
      }
      super.visitMaxs(stack, locals);
    }

    private static Object frameType(Type type) {
      return switch (type.getSort()) {
        case Type.BOOLEAN, Type.BYTE, Type.CHAR, Type.SHORT, Type.INT -> Opcodes.INTEGER;
        case Type.LONG -> Opcodes.LONG;
        case Type.FLOAT -> Opcodes.FLOAT;
        case Type.DOUBLE -> Opcodes.DOUBLE;
        default -> type.getInternalName();
      };
    }

    @Override
    public void visitInsn(int opcode) {
      if (opcode == Opcodes.MONITORENTER) {
        call("enter", OF_OBJECT);
      } else if (opcode == Opcodes.MONITOREXIT) {
        call("exit", OF_OBJECT);
      } else {
        super.visitInsn(opcode);
      }
    }

    @Override
    public void visitFieldInsn(int opcode, String of, String field, String type) {
      if (!constructs && !initializes && of.startsWith("dev/fairlead/") && !isFinal(of, field)) {
        call("access", NONE);
      }
      super.visitFieldInsn(opcode, of, field, type);
    }

    @Override
    public void visitMethodInsn(int opcode, String of, String name, String type, boolean itf) {
      if (of.equals("java/lang/Object") && name.equals("wait") && type.equals(NONE)) {
        call("await", OF_OBJECT);
      } else if (of.equals("java/lang/Object") && name.equals("notifyAll")) {
        call("signalAll", OF_OBJECT);
      } else {
        if (!constructs && isShared(opcode, of)) {
          call("access", NONE);
        }
        super.visitMethodInsn(opcode, of, name, type, itf);
      }
    }

    private static boolean isShared(int opcode, String of) {
      return (opcode == Opcodes.INVOKEVIRTUAL || opcode == Opcodes.INVOKEINTERFACE)
          && of.startsWith("java/util/")
          && !of.startsWith("java/util/function/")
          && !of.startsWith("java/util/stream/")
          && !of.startsWith("java/util/concurrent/locks/")
          && !of.startsWith("java/util/Optional");
    }
  }
}
