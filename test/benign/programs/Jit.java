/** Keeps HotSpot's compilers busy: compiled from source, then a hot loop. */
public class Jit {
    static long hot(int limit) {
        long sum = 0;
        for (int i = 0; i < limit; i++) sum = (sum * 31 + i) % 1_000_003;
        return sum;
    }

    public static void main(String[] arguments) {
        long sum = 0;
        for (int round = 0; round < 2_000; round++) sum += hot(20_000);
        if (sum == 0) throw new IllegalStateException("nothing was computed");
    }
}
